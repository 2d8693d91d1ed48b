"""A CRM that embeds the widget: what a host page needs, with everything that a careless one does to its guests."""
