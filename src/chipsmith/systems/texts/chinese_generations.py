"""The paragraphs of the generations and of the ten systems in Chinese."""

from __future__ import annotations

from types import MappingProxyType

from chipsmith.systems.texts.page_texts import Chapter
from chipsmith.systems.texts.spine import ChipGeneration, LearningGeneration, NamedSystem

LEARNING = MappingProxyType(
    {
        LearningGeneration.SHALLOW: Chapter(
            title="一、感知机与浅层学习",
            sentences=(
                "1958 年，罗森布拉特提出感知机，从带标签的样本中学习单独一层权重。",
                "逻辑回归、支持向量机和词袋模型走的是同一条路：特征由人设计，机器只在特征之上学会判别。",
                "它们带来了能收敛到全局最优的训练、可以证明的误差界，以及只占几千字节的模型。",
                "应验的是：特征足够好，模型就不必复杂；时至今日，更大的模型仍须先胜过这条基线。",
                "落空的是：一层并不够用。它连异或都表示不了，靠人工为图像和声音设计特征的路也走到了尽头。",
                "在 Chipsmith 自带的配方中，子词袋模型（`sentiment`）属于这一代；小型感知机（`diabetes`）"
                "已经带有一个隐藏层，"
                "正站在通往下一代的门槛上。",
            ),
        ),
        LearningGeneration.DEEP: Chapter(
            title="二、深度网络与反向传播",
            sentences=(
                "反向传播自 1986 年起广为人知，它让多层网络得以整体训练；卷积与循环结构则把图像、"
                "声音和时间的规律直接写进了网络。",
                "从此，特征靠学习得来，不再靠人工设计。",
                "借助大规模标注数据和 GPU，它自 2012 年起先后拿下了图像识别和语音识别。",
                "本页所列 MLPerf Tiny 的四个网络中，ResNet8、DS-CNN 和 MobileNetV1 三个都出自这一代。",
                "它们也经得起 8 位整数量化：同一颗 Cortex-M7、同一个编译器，ResNet8 用 float32 需 "
                "{h7a3_float_image_ms} ms，"
                "用 int8 只需 {h7a3_int8_image_ms} ms。",
                "应验的是：只要数据充足，学来的特征胜过人工设计的特征。",
                "落空的是：光靠加深并不管用。极深的网络要靠归一化和残差连接才训得动，"
                "而循环网络在语言上已让位给注意力机制。",
            ),
        ),
        LearningGeneration.GENERATIVE: Chapter(
            title="三、无需标签、能够生成的网络",
            sentences=(
                "自编码器让数据穿过一段狭窄的瓶颈再还原出来，不靠标签也能学习；"
                "注意力机制让每个位置都能看到其余所有位置；2017 年由"
                "注意力搭建而成的 Transformer，规模足够大时便能写作。",
                "制约它的不再是标签，而是数据和算力。",
                "应验的是：先在海量无标签数据上预训练、再适配到具体任务，这条路几乎处处可行。",
                "落空的是：文字通顺不等于内容属实；开销也没有消失，注意力的计算量随序列长度的平方增长。",
                "在小芯片上，这一代才刚刚起步：在本页有公开数据的网络里，只有 `anomaly` 的自编码器属于这一代，在 GAP9 "
                "上"
                "用时 {gap9_slow_anomaly_us} µs，耗能 {gap9_slow_anomaly_uj} µJ。",
                "Chipsmith 的 `anomaly`、`vae` 以及 `shakespeare`（带 softmax 和层归一化的因果 Transformer）"
                "都完整地跑在仿真芯片上。",
            ),
        ),
    }
)

CHIPS = MappingProxyType(
    {
        ChipGeneration.GENERAL: Chapter(
            title="一、通用处理器：从单核到多核",
            sentences=(
                "通用处理器什么都能算，只是每次只做少数几个乘法；直到今天，多数小型设备仍靠单核运行网络。",
                "进步来自软件，也来自更宽的运算：主频不变的 Cortex-M4 上，ResNet8 从 {l4r5_reference_image_ms} ms 降到 "
                "{l4r5_st_v12_image_ms} ms；换成带向量扩展的 Cortex-M85，只需 {ra8d1_image_ms} ms。",
                "四核 Cortex-A72 用 {pi4_image_ms} ms，一颗八核 RISC-V 芯片用 {k1_fast_image_ms} ms。",
                "在这台计算机上，onnxruntime 以 int8 运行，单线程用 {here_image_us} µs，双线程用 "
                "{here_twice_image_us} µs。",
                "`chipsmith deploy` 生成的可移植 C 代码用 {here_c_image_us} µs。",
                "应验的是通用性：表中几乎每个加速器旁边，都有一个为它供数的处理器核。",
                "落空的是：主频会一直上升，以及核数翻倍、速度就翻倍。小网络往往任务还没分配完就已经算完了。",
                "公开数据中，单核的给出能耗的不到一半，多核的一个也没有；给出的，也既取决于处理器核，"
                "又取决于供电方式。",
            ),
        ),
        ChipGeneration.GRAPHICS: Chapter(
            title="二、图形处理器",
            sentences=(
                "GPU 用少数几路指令流驱动成百上千个简单的运算单元。",
                "它本为画面而生，后来成了训练深度网络的主力：应验的是吞吐量，批量越大越能发挥，显存带宽也跟得上。",
                "没能一并带来的是低时延。小网络逐个推理时，GPU 还没忙起来就已经结束，时间全花在启动内核和搬运数据上。",
                "同为 float32，DS-CNN 在 Jetson Nano 的 GPU 上用 {jetson_keyword_ms} ms，在树莓派 4 的处理器上只用 "
                "{pi4_float_keyword_ms} ms。",
                "处理器较弱时，GPU 便占上风：ResNet8 在 STM32MP257 的 GPU 与 NPU 上用 {mp257_image_ms} ms，在 "
                "STM32MP157 的"
                "两个核上用 {mp157_image_ms} ms。",
                "对这几个网络，我们所知的公开 GPU 数据只有两项，且都没有能耗；您自己的数据可以用 `--record` 录下，"
                "再用 `--with` 并入本页。",
            ),
        ),
        ChipGeneration.PURPOSE_BUILT: Chapter(
            title="三、专用芯片，以及对量子的期望",
            sentences=(
                "专用芯片是一片小位宽整数乘法器阵列，由紧挨着它的片上存储供数。",
                "应验的是能效：ResNet8 在 GAP9 上耗能 {gap9_slow_image_uj} µJ，同一轮次的 Cortex-M4 则是 "
                "{l4r5_st_v10_image_uj} µJ。",
                "Chipsmith 自己的 `edge-256` 经仿真用时 {edge256_image_us} µs。",
                "落空的是：加速器并非天生就快。带矩阵单元的 xG24 用 {xg24_image_ms} ms，比主频高一倍的普通 Cortex-M33"
                "（{u575_v10_image_ms} ms）快不了多少；它省下的是能耗（{xg24_image_uj} µJ 对 {u575_v10_image_uj} µJ）"
                "。",
                "量子处理器许诺的是：每多一个量子比特，状态空间就翻一倍。",
                "在本页试过的任务上，这一许诺没有兑现：特征相同时，看不到相对经典方法的优势，去掉纠缠的量子核也同样好。",
                "十个手写数字、每个样本取 8 个特征：量子核方法准确率 {quantum_kernel_digits_percent} %，去掉纠缠后 "
                "{product_kernel_digits_percent} %，经典的 RBF 支持向量机 {rbf_digits_percent} %。",
                "这里的量子数据全部来自仿真；真机所需时间只是估算，另列一处。",
            ),
        ),
    }
)

SYSTEMS = MappingProxyType(
    {
        NamedSystem.NUCLEO_L4R5: Chapter(
            title="NUCLEO-L4R5ZI：软件能带来什么",
            sentences=(
                "同一颗 120 MHz 的 Cortex-M4，多套软件栈。",
                "ResNet8 用参考实现需 {l4r5_reference_image_ms} ms，用 microTVM 需 {l4r5_tvm_image_ms} ms，用 "
                "Plumerai 需 "
                "{l4r5_plumerai_image_ms} ms，用 X-CUBE-AI 9.0 需 {l4r5_st_v12_image_ms} ms：硬件分毫未动，首尾相差 "
                "{l4r5_reference_image_ms_by_l4r5_st_v12_image_ms} 倍。",
                "请留意能耗的口径：同用 X-CUBE-AI 7.3，ST 和 Krai 测得自编码器都用时 {l4r5_st_v10_anomaly_ms} ms，"
                "能耗却一个是 "
                "1.8 V 供电下的 {l4r5_st_v10_anomaly_uj} µJ，一个是 3.0 V 供电下的 {l4r5_krai_anomaly_uj} µJ。",
            ),
        ),
        NamedSystem.NUCLEO_H7A3: Chapter(
            title="NUCLEO-H7A3ZI-Q：编译器的历次改进与 int8",
            sentences=(
                "一颗 280 MHz 的 Cortex-M7，自 v0.7 起每轮都在。",
                "到 v1.2，MobileNetV1 从 {h7a3_v07_person_ms} ms 降到 {h7a3_v12_person_ms} ms，能耗从 "
                "{h7a3_v07_person_uj} µJ 降到 "
                "{h7a3_v12_person_uj} µJ；到 v1.4 已无进一步收益（{h7a3_v14_person_ms} ms）。",
                "Bosch 提交了 ResNet8 的两种精度：int8 的速度是 float32 的 "
                "{h7a3_float_image_ms_by_h7a3_int8_image_ms} 倍。",
            ),
        ),
        NamedSystem.NUCLEO_U385: Chapter(
            title="NUCLEO-U385RG-Q：更慢，也更省",
            sentences=(
                "96 MHz、1.8 V 的 Cortex-M33 跑 ResNet8 用 {u385_image_ms} ms、耗 {u385_image_uj} µJ；280 MHz 的 "
                "Cortex-M7 用 "
                "{h7a3_v12_image_ms} ms、耗 {h7a3_v12_image_uj} µJ。",
                "它的用时是后者的 {u385_image_ms_by_h7a3_v12_image_ms} 倍，后者的能耗却是它的 "
                "{h7a3_v12_image_uj_by_u385_image_uj} 倍：在图上，两者几乎落在同一条等积线上。",
                "孰优孰劣，要看时限，而不是看芯片。",
            ),
        ),
        NamedSystem.EK_RA8D1: Chapter(
            title="EK-RA8D1：微控制器里的向量扩展",
            sentences=(
                "480 MHz 的 Cortex-M85 带有 Helium 向量扩展，跑 ResNet8 用 {ra8d1_image_ms} ms。",
                "没有向量扩展的 Cortex-M7 即便主频更高（550 MHz），也要 {h7p5_core_image_ms} ms。",
                "两者的软件栈也不同，且都没有公布能耗：单凭这些数据，还说不清向量扩展本身贡献了多少。",
            ),
        ),
        NamedSystem.SPACEMIT_K1: Chapter(
            title="K1：八个核",
            sentences=(
                "一颗运行 Linux、带向量扩展的八核 RISC-V 芯片跑 ResNet8，614 MHz 时用 {k1_slow_image_us} µs，1.6 GHz "
                "时用 "
                "{k1_fast_image_us} µs，速度是前者的 {k1_slow_image_us_by_k1_fast_image_us} 倍。",
                "这已接近专用芯片的水平，只是功耗无人说明。",
                "请留意口径：提交材料没有说明实际有几个核参与计算。",
            ),
        ),
        NamedSystem.JETSON_NANO: Chapter(
            title="Jetson Nano：干等着的 GPU",
            sentences=(
                "DS-CNN 以 float32 运行：128 个 GPU 核心配 TensorFlow 用 {jetson_keyword_ms} ms，树莓派 4 的处理器经 "
                "LEIP 编译用 "
                "{pi4_float_keyword_ms} ms。",
                "随数据公布的性能剖析道出了缘由：CUDA 调用所花的时间，大半用于启动内核。",
                "请留意口径：这不是正式提交的结果，作者也写明输出有误，权重似乎没有载入；所测的是相同各层的用时。",
            ),
        ),
        NamedSystem.NUCLEO_H7P5: Chapter(
            title="NUCLEO-H7P5II：用与不用加速器",
            sentences=(
                "同一颗微控制器测两次：ResNet8 在 Cortex-M7 上用 {h7p5_core_image_ms} ms，在旁边的 Neural-ART 上用 "
                "{h7p5_npu_image_ms} ms，速度是前者的 {h7p5_core_image_ms_by_h7p5_npu_image_ms} 倍。",
                "这是表中处理器核与专用模块之间最干净的对比：两者同在一颗芯片里。",
                "两项都出自 v1.4 轮次，这里读自其结果的副本，没有能耗数据。",
            ),
        ),
        NamedSystem.SYNTIANT_NDP9120: Chapter(
            title="Syntiant NDP9120：电压的取舍",
            sentences=(
                "跑 ResNet8，0.9 V、30 MHz 时用 {syntiant_slow_image_ms} ms、耗 {syntiant_slow_image_uj} µJ，1.1 V、"
                "98 MHz 时用 "
                "{syntiant_fast_image_ms} ms、耗 {syntiant_fast_image_uj} µJ：速度提高到 "
                "{syntiant_slow_image_ms_by_syntiant_fast_image_ms} 倍，能耗增加到 "
                "{syntiant_fast_image_uj_by_syntiant_slow_image_uj} 倍。",
                "只看能耗，慢者胜；看时延与能耗之积，快者胜。",
                "v1.1 到 v1.3 的数据照搬自 v1.0，并非重新测得。",
            ),
        ),
        NamedSystem.GAP9: Chapter(
            title="GAP9：多核与加速器并用",
            sentences=(
                "九个 RISC-V 核加上加速器 NE16，跑 ResNet8 在 0.65 V 下用 {gap9_slow_image_us} µs、耗 "
                "{gap9_slow_image_uj} µJ，在 "
                "0.8 V 下用 {gap9_fast_image_us} µs、耗 {gap9_fast_image_uj} µJ。",
                "同一轮次里，Cortex-M4 的能耗是它的 {l4r5_st_v10_image_uj_by_gap9_slow_image_uj} 倍。",
                "其中多少归功于多核、多少归功于加速器，来源没有说明。",
            ),
        ),
        NamedSystem.ZC706: Chapter(
            title="ZC706：每个网络一套电路",
            sentences=(
                "fpgaConvNet 把网络本身变成电路：ResNet8 在一片大 FPGA 上用 {zc706_image_us} µs，用同一工具放到小 "
                "FPGA 上则要 "
                "{zybo_image_us} µs。",
                "两者相差 {zybo_image_us_by_zc706_image_us} 倍：在 FPGA 上，速度是用面积换来的。",
                "请留意口径：每换一个网络都要重新配置芯片，这段时间和能耗都不在数据之内。",
            ),
        ),
    }
)
