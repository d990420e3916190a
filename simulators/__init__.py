"""A simulated plant: line, devices, operator, faults, spoken to over real sockets.

It knows the configuration and the clock of Red Rabbit, and nothing of the code that judges.
"""
