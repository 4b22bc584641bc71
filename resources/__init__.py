"""Icons, theme, translations, label templates, rule tables and sample scans."""
