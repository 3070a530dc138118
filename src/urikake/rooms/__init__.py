"""The flow: each room makes its facts and reads only the rooms before it."""
