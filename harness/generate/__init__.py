"""Make recordings that nobody recorded, each from a seed."""
