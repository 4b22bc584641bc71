"""The classes of the shipped parcel model, in the order of its outputs."""

LABELS = ("firearm", "blade", "battery", "liquid", "dense_block", "powder_bag", "cigarettes", "ivory")
