"""Middleware that lets any source of one pretrained network drive any sink of another."""
