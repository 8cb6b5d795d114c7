"""The numbers of a network without a lab: addresses, routes and SNAT ports for some nodes with some
pods, in each kind of network, and what they leave room for."""
