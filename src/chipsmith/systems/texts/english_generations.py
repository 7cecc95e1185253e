"""The paragraphs of the generations and of the ten systems in English."""

from __future__ import annotations

from types import MappingProxyType

from chipsmith.systems.texts.page_texts import Chapter
from chipsmith.systems.texts.spine import ChipGeneration, LearningGeneration, NamedSystem

LEARNING = MappingProxyType(
    {
        LearningGeneration.SHALLOW: Chapter(
            title="1. The perceptron and shallow learners",
            sentences=(
                "Rosenblatt's perceptron of 1958 learned a single layer of weights from labelled examples.",
                "Logistic regression, support vector machines and bags of words stand on the same ground: people make "
                "the features, the machine learns a decision on top of them.",
                "They brought training that ends in the best solution, bounds on error, and models of a few kilobytes.",
                "What proved true: where the features are good, little more is needed, and to this day such a learner "
                "is the baseline that anything larger has to beat.",
                "What did not: that a single layer would do. It cannot express exclusive-or, and features designed by "
                "hand for images and sound came to their end.",
                "Of Chipsmith's recipes the bag of subwords (`sentiment`) is of this kind; the small perceptron "
                "(`diabetes`) already has a hidden layer, and so stands on the threshold to the next.",
            ),
        ),
        LearningGeneration.DEEP: Chapter(
            title="2. Deep networks and back-propagation",
            sentences=(
                "Back-propagation, known to all since 1986, trains many layers together; convolution and recurrence "
                "build the structure of images, sound and time into them.",
                "Features are now learned, not written down.",
                "With large labelled sets and GPUs this won image recognition from 2012 on, then speech.",
                "Three of the four networks of MLPerf Tiny on this page are its children: ResNet8, DS-CNN and "
                "MobileNetV1.",
                "They also bear eight-bit integers well: on the same Cortex-M7, by the same compiler, ResNet8 takes "
                "{h7a3_float_image_ms} ms in float32 and {h7a3_int8_image_ms} ms in int8.",
                "What proved true: learned features beat made ones wherever there is data enough.",
                "What did not: depth alone. Very deep networks trained only with normalisation and shortcuts, and "
                "recurrent ones lost language to attention.",
            ),
        ),
        LearningGeneration.GENERATIVE: Chapter(
            title="3. Networks that learn without labels and generate",
            sentences=(
                "An autoencoder learns from data alone, by rebuilding it through a narrow place; attention lets every "
                "position look at every other; the transformer, made of attention since 2017, writes when it is "
                "large enough.",
                "Labels are no longer the limit; data and computing are.",
                "What proved true: learning from unlabelled data at scale, then adapting, works for nearly every task.",
                "What did not: that fluent means true; and cost stayed, for the work of attention grows with the "
                "square of the length.",
                "On small chips this generation has hardly arrived: of the published networks here only the "
                "autoencoder of `anomaly` belongs to it, {gap9_slow_anomaly_us} µs and {gap9_slow_anomaly_uj} µJ on "
                "GAP9.",
                "Chipsmith's `anomaly`, `vae` and `shakespeare`, a causal transformer with softmax and layer "
                "normalisation, run whole on the simulated chip.",
            ),
        ),
    }
)

CHIPS = MappingProxyType(
    {
        ChipGeneration.GENERAL: Chapter(
            title="1. General-purpose processors: one core, then many",
            sentences=(
                "A processor computes anything, a few multiplications at a time; most small devices still have a "
                "single core.",
                "Gains came from software and from width: on a Cortex-M4 at an unchanged clock ResNet8 fell from "
                "{l4r5_reference_image_ms} to {l4r5_st_v12_image_ms} ms, and the vectors of a Cortex-M85 bring it to "
                "{ra8d1_image_ms} ms.",
                "Four Cortex-A72 take {pi4_image_ms} ms, a chip of eight RISC-V cores {k1_fast_image_ms} ms.",
                "Here a thread takes {here_image_us} µs, two take {here_twice_image_us} µs, by onnxruntime in int8.",
                "The portable C of `chipsmith deploy` takes {here_c_image_us} µs.",
                "What proved true: generality. Beside nearly every accelerator here sits a core that feeds it.",
                "What did not: that clocks would go on rising, and that twice the cores are twice as fast; a small "
                "network ends before the work is shared.",
                "Of the published rows of single cores less than half state energy, of many cores none; and where they "
                "do, it depends on the supply as much as on the core.",
            ),
        ),
        ChipGeneration.GRAPHICS: Chapter(
            title="2. Graphics processors",
            sentences=(
                "A GPU puts hundreds to thousands of simple arithmetic units under few streams of instructions.",
                "Built for pictures, it became the machine on which deep networks are trained: what proved true is "
                "throughput, on large batches, with memory to match.",
                "What did not carry over is latency. A small network, taken singly, is over before the GPU is busy: "
                "launches and copies decide.",
                "DS-CNN takes {jetson_keyword_ms} ms on the GPU of a Jetson Nano, and {pi4_float_keyword_ms} ms on the "
                "cores of a Raspberry Pi 4, both in float32.",
                "Beside weaker cores the GPU leads: ResNet8 takes {mp257_image_ms} ms on GPU and NPU of an STM32MP257, "
                "{mp157_image_ms} ms on the two cores of an STM32MP157.",
                "We know two published figures of GPUs for these networks, and neither states its energy; rows of "
                "yours come in by `--record` and `--with`.",
            ),
        ),
        ChipGeneration.PURPOSE_BUILT: Chapter(
            title="3. Chips built for it, and the quantum hope",
            sentences=(
                "A dedicated chip is an array of multipliers for small integers, fed from memory beside it.",
                "What proved true: energy. GAP9 takes {gap9_slow_image_uj} µJ for ResNet8, a Cortex-M4 of the same "
                "round {l4r5_st_v10_image_uj} µJ.",
                "Chipsmith's own `edge-256`, simulated, takes {edge256_image_us} µs.",
                "What did not: that an accelerator is fast as such. The xG24 with its matrix unit takes "
                "{xg24_image_ms} ms, hardly less than a plain Cortex-M33 at twice the clock ({u575_v10_image_ms} ms); "
                "what it saves is energy ({xg24_image_uj} against {u575_v10_image_uj} µJ).",
                "Quantum processors promised states that double with every qubit.",
                "On the tasks tried here it has not come true: no advantage over classical learners on the same "
                "features is seen, and a kernel without entanglement does as well.",
                "On ten digits of 8 features a quantum kernel reaches {quantum_kernel_digits_percent} %, without "
                "entanglement {product_kernel_digits_percent} %, a classical RBF machine {rbf_digits_percent} %.",
                "Every quantum figure here is simulated; the time of a device is an estimate, and stands apart.",
            ),
        ),
    }
)

SYSTEMS = MappingProxyType(
    {
        NamedSystem.NUCLEO_L4R5: Chapter(
            title="NUCLEO-L4R5ZI: what software brings",
            sentences=(
                "The same Cortex-M4 at 120 MHz, many software stacks.",
                "ResNet8 takes {l4r5_reference_image_ms} ms in the reference, {l4r5_tvm_image_ms} by microTVM, "
                "{l4r5_plumerai_image_ms} by Plumerai and {l4r5_st_v12_image_ms} by X-CUBE-AI 9.0: "
                "{l4r5_reference_image_ms_by_l4r5_st_v12_image_ms} times between the ends, with no change of silicon.",
                "Mind the boundary of energy: with X-CUBE-AI 7.3 the autoencoder takes {l4r5_st_v10_anomaly_ms} ms "
                "for ST and for Krai, but {l4r5_st_v10_anomaly_uj} µJ at 1.8 V and {l4r5_krai_anomaly_uj} µJ at 3.0 V.",
            ),
        ),
        NamedSystem.NUCLEO_H7A3: Chapter(
            title="NUCLEO-H7A3ZI-Q: a compiler over the rounds, and int8",
            sentences=(
                "A Cortex-M7 at 280 MHz in every round since v0.7.",
                "MobileNetV1 fell from {h7a3_v07_person_ms} to {h7a3_v12_person_ms} ms and from "
                "{h7a3_v07_person_uj} to {h7a3_v12_person_uj} µJ by v1.2; by v1.4 nothing more was gained "
                "({h7a3_v14_person_ms} ms).",
                "Bosch submitted ResNet8 in both precisions: int8 is "
                "{h7a3_float_image_ms_by_h7a3_int8_image_ms} times as fast as float32.",
            ),
        ),
        NamedSystem.NUCLEO_U385: Chapter(
            title="NUCLEO-U385RG-Q: slower and cheaper",
            sentences=(
                "A Cortex-M33 at 96 MHz and 1.8 V takes {u385_image_ms} ms and {u385_image_uj} µJ for ResNet8, the "
                "Cortex-M7 at 280 MHz {h7a3_v12_image_ms} ms and {h7a3_v12_image_uj} µJ.",
                "It is {u385_image_ms_by_h7a3_v12_image_ms} times as slow for "
                "{h7a3_v12_image_uj_by_u385_image_uj} times less energy: on the picture both lie close to a line of "
                "equal product.",
                "Which is better is a question of the deadline, not of the chip.",
            ),
        ),
        NamedSystem.EK_RA8D1: Chapter(
            title="EK-RA8D1: vectors in a microcontroller",
            sentences=(
                "A Cortex-M85 at 480 MHz has the vector extension Helium, and takes {ra8d1_image_ms} ms for ResNet8.",
                "A Cortex-M7 without it takes {h7p5_core_image_ms} ms, at the higher clock of 550 MHz.",
                "The stacks differ too, and no energy was published: what the vectors alone bring, these rows do not "
                "say.",
            ),
        ),
        NamedSystem.SPACEMIT_K1: Chapter(
            title="K1: eight cores",
            sentences=(
                "A Linux chip of eight RISC-V cores with vectors takes {k1_slow_image_us} µs for ResNet8 at 614 MHz "
                "and {k1_fast_image_us} µs at 1.6 GHz: {k1_slow_image_us_by_k1_fast_image_us} times as fast.",
                "That is in reach of dedicated chips, at a power nobody states.",
                "Mind the boundary: the submission does not say how many of its cores compute.",
            ),
        ),
        NamedSystem.JETSON_NANO: Chapter(
            title="Jetson Nano: a GPU that waits",
            sentences=(
                "Its 128 GPU cores take {jetson_keyword_ms} ms for DS-CNN in float32, by TensorFlow; the cores of a "
                "Raspberry Pi 4 take {pi4_float_keyword_ms} ms, compiled by LEIP.",
                "The profile beside the figure shows why: of the time spent in CUDA's calls, most goes into launching "
                "kernels.",
                "Mind the boundary: this is no submission, and its author reports wrong answers, with weights that "
                "seem not to have been loaded; the time is that of the same layers.",
            ),
        ),
        NamedSystem.NUCLEO_H7P5: Chapter(
            title="NUCLEO-H7P5II: with its accelerator and without",
            sentences=(
                "The same microcontroller twice: ResNet8 takes {h7p5_core_image_ms} ms on its Cortex-M7 and "
                "{h7p5_npu_image_ms} ms on Neural-ART beside it, "
                "{h7p5_core_image_ms_by_h7p5_npu_image_ms} times as fast.",
                "It is the cleanest comparison of a core with a dedicated block in this table: both sit in a single "
                "chip.",
                "Both are of round v1.4, read here from a copy of its results, and without energy.",
            ),
        ),
        NamedSystem.SYNTIANT_NDP9120: Chapter(
            title="Syntiant NDP9120: voltage",
            sentences=(
                "At 0.9 V and 30 MHz ResNet8 takes {syntiant_slow_image_ms} ms and {syntiant_slow_image_uj} µJ, at "
                "1.1 V and 98 MHz {syntiant_fast_image_ms} ms and {syntiant_fast_image_uj} µJ: "
                "{syntiant_slow_image_ms_by_syntiant_fast_image_ms} times as fast for "
                "{syntiant_fast_image_uj_by_syntiant_slow_image_uj} times the energy.",
                "Where only energy counts, slow wins; by the product, fast does.",
                "The rows of v1.1 to v1.3 repeat the figures of v1.0: they are no new measurements.",
            ),
        ),
        NamedSystem.GAP9: Chapter(
            title="GAP9: cores and an accelerator together",
            sentences=(
                "Nine RISC-V cores and the accelerator NE16 take {gap9_slow_image_us} µs and {gap9_slow_image_uj} µJ "
                "for ResNet8 at 0.65 V, {gap9_fast_image_us} µs and {gap9_fast_image_uj} µJ at 0.8 V.",
                "Against the Cortex-M4 of the same round that is "
                "{l4r5_st_v10_image_uj_by_gap9_slow_image_uj} times less energy.",
                "How much is owed to the cores and how much to the accelerator is not stated.",
            ),
        ),
        NamedSystem.ZC706: Chapter(
            title="ZC706: a circuit for each network",
            sentences=(
                "fpgaConvNet turns the network itself into a circuit: {zc706_image_us} µs for ResNet8 on a large FPGA, "
                "{zybo_image_us} µs by the same tool on a small one.",
                "{zybo_image_us_by_zc706_image_us} times lie between them: on an FPGA speed is bought with area.",
                "Mind the boundary: the chip is configured anew for every network, and neither that time nor any "
                "energy is in the figures.",
            ),
        ),
    }
)
