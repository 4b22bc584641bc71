"""Who may do what at the station, and how he proves who he is: roles, rights, secrets, the lock after failures."""
