"""What stands around the Tracking API's calls: pixel, CDN settings, tokens, telemetry, CORS, strictness."""
