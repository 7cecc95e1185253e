"""The processor's name and SIMD extensions, from what operating systems print."""

import platform

from chipsmith.processors import processors
from chipsmith.runtimes.processor import Processor, describe_processor, parse_cpuinfo, parse_sysctl

SERVER = """processor : 0
vendor_id : GenuineIntel
model name : Intel(R) Xeon(R) Platinum 8488C
flags : sse2 ssse3 sse4_1 sse4_2 avx f16c avx2 fma avx512f avx512bw avx_vnni avx512_bf16 avx512_vnni amx_bf16 amx_int8
bogomips : 4800.00

processor : 1
model name : Intel(R) Xeon(R) Platinum 8488C
flags : sse2 ssse3 sse4_1 sse4_2 avx f16c avx2 fma avx512f avx512bw avx_vnni avx512_bf16 avx512_vnni amx_bf16 amx_int8
"""
PI = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
"""
PI_32 = "model name : ARMv7 Processor rev 3 (v7l)\nFeatures : half thumb fastmult vfp edsp neon vfpv3\n"
RISC_V = "processor : 0\nhart : 2\nisa : rv64imafdcv_zicsr_zifencei\nmmu : sv39\nuarch : spacemit,x60\n"
RISC_V_PLAIN = "isa : rv64imafdc_zicsr_zvkb\nuarch : sifive,u74-mc\n"
APPLE = """machdep.cpu.brand_string: Apple M2
hw.optional.AdvSIMD: 1
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_SME: 0
hw.optional.arm.FEAT_I8MM: 1
"""


def test_a_server_of_intels():
    name, simd = parse_cpuinfo(SERVER)
    assert name == "Intel(R) Xeon(R) Platinum 8488C"
    assert " ".join(simd[:5]) == "sse4.2 avx fma avx2 avx_vnni"
    assert {"avx512_vnni", "amx_int8", "amx_bf16"} < set(simd)


def test_an_arm_board_has_the_boards_name():
    assert parse_cpuinfo(PI, board="Raspberry Pi 5 Model B") == ("Raspberry Pi 5 Model B", ("neon", "fp16", "dotprod"))


def test_thirty_two_bits_of_arm():
    assert parse_cpuinfo(PI_32) == ("ARMv7 Processor rev 3 (v7l)", ("neon",))


def test_risc_v_says_its_vectors_in_a_word():
    assert parse_cpuinfo(RISC_V) == ("spacemit,x60", ("rvv",))
    assert parse_cpuinfo(RISC_V_PLAIN) == ("sifive,u74-mc", ())


def test_a_mac():
    assert parse_sysctl(APPLE) == ("Apple M2", ("neon", "dotprod", "i8mm"))


def test_this_computer_is_described():
    processor = describe_processor()
    assert processor.name
    assert processor.architecture == platform.machine()
    assert processor.cores == processors()
    assert platform.system() in processor.operating_system


def test_in_words():
    processor = Processor(
        name="AMD EPYC", architecture="x86_64", cores=2, simd=("avx", "avx2"), operating_system="Linux 6.1"
    )
    assert str(processor) == "AMD EPYC (x86_64, 2 cores, avx avx2)"
