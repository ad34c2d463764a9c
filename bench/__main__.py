"""`python -m bench`, and `accelerate launch -m bench` for several processes."""

from bench.cli.main import main

if __name__ == "__main__":
    main()
