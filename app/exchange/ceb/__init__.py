"""China Customs' messages of cross-border e-commerce (跨境电子商务), Single Window edition 202205."""
