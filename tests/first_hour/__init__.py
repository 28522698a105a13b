"""The first hour with this project, as the tutorial leads through it."""
