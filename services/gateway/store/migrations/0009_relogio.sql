-- A time that something waits for lies ahead, unless it is further away than any pause: then the clock was set back.
CREATE FUNCTION is_ahead(momento timestamptz) RETURNS boolean LANGUAGE sql STABLE
RETURN momento > now() AND momento < now() + interval '2 minutes';
