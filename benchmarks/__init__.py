"""How fast is the engine? The same works by plain PyTorch loops and by `overparam`, side by side: `make bench`."""
