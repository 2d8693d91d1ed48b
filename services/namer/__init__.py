"""The only service that opens a workbook, to read or to write one."""
