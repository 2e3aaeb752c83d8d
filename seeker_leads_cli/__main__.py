"""Entry point of `python -m seeker_leads_cli`."""

from seeker_leads_cli.main import main

main(prog_name="seeker-leads")
