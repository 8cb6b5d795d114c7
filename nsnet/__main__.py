"""`python -m nsnet` is the command `nsnet`."""

from nsnet.cli import main

main()
