"""Detection on scans: the detector protocol, ONNX models and how they are judged. Knows imaging only."""
