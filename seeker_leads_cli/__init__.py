"""`seeker-leads`, the command-line tool: check and send files of leads, fix dead letters, serve webhooks."""
