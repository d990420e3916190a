"""Reading stations: Modbus TCP and MQTT. The port has no way to write (L9)."""
