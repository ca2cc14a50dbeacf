"""What keeps an installation in shape: retention, vacuum, sizes, backup and restore."""
