from chassis.commands import main

main("tests.chassis.ledger")
