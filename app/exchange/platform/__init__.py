"""Files to and from the mail platform (进出境邮件“一站式”办理平台): what customs ask for, and what consignees answer.

The platform publishes no format; this is the station's own, described by its schema: `guanjian mail schema`.
"""
