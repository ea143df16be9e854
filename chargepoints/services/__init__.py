"""What can be done: `<entity>_<action>(*, ...)`, keyword-only, called inside or opening a transaction."""
