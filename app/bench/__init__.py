"""What `guanjian bench` measures, so that a post can qualify its own machine."""
