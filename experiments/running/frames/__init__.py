"""What a watcher is shown of a world after a tick: its agents as dots, and figures beside them."""
