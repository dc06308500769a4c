"""Makes employment.csv: a row for each sector and month of us-employment.csv, whose path is the argument."""
import csv
import pathlib
import sys

SECTORS = (
    "mining_and_logging", "construction", "durable_goods", "nondurable_goods", "wholesale_trade", "retail_trade",
    "transportation_and_warehousing", "utilities", "information", "financial_activities",
    "professional_and_business_services", "education_and_health_services", "leisure_and_hospitality",
    "other_services", "government",
)  # they have no job in common

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    table = list(csv.DictReader(file))
with open(pathlib.Path(__file__).with_name("employment.csv"), "w", newline="", encoding="utf-8") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("sector", "month", "jobs"))
    writer.writerows((sector, row["month"], row[sector]) for sector in SECTORS for row in table)
