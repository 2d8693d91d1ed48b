"""The system under faults: separate processes, whatever dies and whenever, and what must be true of the job after."""
