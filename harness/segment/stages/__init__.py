"""What a message goes through after the 200, under Segment's own names; one pure function a file."""
