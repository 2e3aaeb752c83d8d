"""Maps any record to a createLeadRequest: names, values and the rules of the contract."""
