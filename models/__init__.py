"""Detection on scans: the detector protocol, ONNX models and how they are judged. Knows imaging only.

From outside: `onnx.load(card_or_model)` gives a Detector; `detect` has what the command line needs (files, COCO
figures); `check.check(file)` tells what a stranger's model is; `evaluate` and `baseline` judge. A model is loaded only
with a card beside it and the sha256 that the card names; the file format of cards is `card.ModelCard`.

One way through the code: `inputs` makes channels of a view, `feed` cuts them into windows and tensors, a head of
`heads` turns outputs into boxes, `onnx` holds these together. `training` is how the shipped models were made.
"""
