"""The ground every room stands on: company, access, facts and their hash chain, numbering, periods, runs, bulk I/O."""
