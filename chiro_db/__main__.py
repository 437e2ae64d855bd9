"""`python -m chiro_db` is `chirodb`."""

from chiro_db.cli import main

main()
