"""`python -m transcoder` is the `transcoder` command."""

from transcoder.cli import main

if __name__ == "__main__":
    main()
