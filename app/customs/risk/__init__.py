"""Risk lanes (风险通道): rules in two languages, facts, random control, and what a changed rule would have done.

`vocabulary` says which words there are, `tokens`, `parse` and `spell` read and write a condition, `build` makes it a
function of the `facts`, `rule` and `lanes` say what follows from it, `table` reads and writes files of rules.
"""
