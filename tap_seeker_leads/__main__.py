"""`python -m tap_seeker_leads`."""

from tap_seeker_leads.tap import TapSeekerLeads

TapSeekerLeads.cli()
