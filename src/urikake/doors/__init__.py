"""Entrances: the command line and whatever drives the rooms from outside. Assembly only."""
