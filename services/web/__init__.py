"""What every route needs: problems, the edge, the caller, the API description."""
