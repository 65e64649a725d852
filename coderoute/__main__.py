"""`python -m coderoute` and the `coderoute` command."""

from coderoute.cli.main import main

if __name__ == "__main__":
    main()
