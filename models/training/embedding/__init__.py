"""How the shipped embedding was made: phantoms of the same and of altered parcels, contrastive training, judgement."""
