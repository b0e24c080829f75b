from harness.engine.machine import machine


def test_a_machine_is_known_by_its_kind_and_not_by_its_name(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel name\t: A Chip @ 2 GHz\nmodel name\t: A Chip @ 2 GHz\n", "utf-8"
    )
    assert machine(cpuinfo).endswith(", A Chip @ 2 GHz")
    assert machine(cpuinfo) == machine(cpuinfo)
    import platform

    assert platform.node() not in machine(cpuinfo)


def test_without_the_file_the_platform_is_asked(tmp_path):
    assert ", " in machine(tmp_path / "none")
