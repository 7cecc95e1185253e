"""The words of the page in Chinese."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.systems.row import Generation
from chipsmith.systems.texts.chinese_generations import CHIPS, LEARNING, SYSTEMS
from chipsmith.systems.texts.page_texts import (
    ColumnTexts,
    FilterTexts,
    HeadingTexts,
    NoteTexts,
    PageTexts,
    PictureTexts,
    StudyTexts,
)
from chipsmith.systems.texts.phrases import read_phrases

HEADINGS = HeadingTexts(
    learning="学习方法的三代",
    chips="芯片的三代",
    systems="十个系统，各说明一件事",
    pictures="图示",
    table="全部数据",
    recipes="属于这一代的配方",
    quantum="分界线以下：量子线路",
    boundaries="各类数据的统计口径",
    legend="数据性质的含义",
)

COLUMNS = ColumnTexts(
    network="网络",
    system="系统",
    generation="类别",
    how="数据性质",
    latency="时延（µs）",
    p99="p99 时延（µs）",
    energy="能耗（µJ）",
    instructions="指令数",
    boundary="统计口径",
    source="来源",
    fastest="最快",
    least_energy="最省能",
    accuracy="准确率",
)

FILTERS = FilterTexts(
    network="网络",
    generation="类别",
    how="数据性质",
    search="搜索",
    any_value="全部",
    group_by="分组方式",
    clear="清除筛选",
    shown="显示 {shown} 行，共 {total} 行",
)

PICTURES = PictureTexts(
    latency_energy="单次推理的时延与能耗",
    latency_axis="单次推理时延（µs）",
    energy_axis="单次推理能耗（µJ）",
    equal_product="{product} µs·µJ",
    latency_energy_caption="两轴均为对数刻度。同一条虚线上的系统，时延与能耗之积相同；越靠左下越好。"
    "只画出两项数据齐全的行。",
    roofline="本机处理器与芯片的屋顶线",
    intensity_axis="每字节访存对应的运算数",
    performance_axis="每秒运算数",
    roofline_caption="斜线之下，速度受存储带宽限制；水平线之下，速度受算力限制。权重常驻本机缓存的网络，会高于本机的斜线。",
    cores="从单核到全部核",
    cores_axis="线程数",
    speedup_axis="相对单线程的加速比",
    ideal="理想加速",
    cores_caption="小网络往往任务还没分配完就已经算完，线程再多，很快也不再有收益。",
)

NOTES = NoteTexts(
    left_out="未列入的项目及原因",
    other_tasks="另有 {count} 行公开数据属于其他任务，未列入。",
    instructions="指令数是在模拟的处理器核上数出来的。模拟器没有真实处理器的时钟，因此不由它推算时间。",
    quantum="此线以下的数据不进入时延坐标轴：量子处理器在这里全部由仿真得出，真机所需时间另行估算。",
    no_gpu="这几个网络公开的 GPU 数据很少。GPU 的数据可以由文件并入：在装有 GPU 的计算机上运行 "
    "`chipsmith generations --record FILE`，再在这里加上 `--with FILE`。",
    computer="本机：{computer}。",
    systems_counted="共 {rows} 行，涉及 {systems} 个系统，其中 {published} 个的数据由他人公布。",
    rooflines="{machine}，{precision}：{obtained}。",
    nothing_here="本页没有这一代的数据。",
)

EVIDENCE = {
    Evidence.MEASURED: "实测",
    Evidence.SIMULATED: "仿真",
    Evidence.ESTIMATED: "估算",
    Evidence.PUBLISHED: "公开数据",
}

EVIDENCE_MEANINGS = {
    Evidence.MEASURED: "在得出该行数据的计算机上计时或计数",
    Evidence.SIMULATED: "由精确到周期或精确到比特的仿真器得出",
    Evidence.ESTIMATED: "计数乘以公开发表的常数",
    Evidence.PUBLISHED: "由他人公布，所属系统不在此处",
}

GENERATIONS = {
    Generation.ONE_CORE: "单核",
    Generation.MANY_CORES: "多核",
    Generation.GPU: "GPU",
    Generation.DEDICATED: "专用芯片",
    Generation.QUANTUM: "量子处理器",
}

STUDY = StudyTexts(
    tasks={
        "digits": "十个手写数字",
        "three_or_eight": "区分 3 与 8",
        "italy_power": "用电曲线（ItalyPowerDemand）",
    },
    models={
        "classifier": "变分量子分类器",
        "classifier_without_entanglement": "变分量子分类器（无纠缠）",
        "kernel": "量子核方法",
        "kernel_without_entanglement": "量子核方法（无纠缠）",
        "rbf": "经典 RBF 支持向量机",
        "network_of_equal_parameters": "参数量与线路相同的神经网络",
        "network_of_32": "32 个隐藏单元的神经网络",
    },
    modes={
        "exact": "精确仿真",
        "shots": "有限次测量",
        "exact_part": "精确仿真，只取含噪声实验的那部分样本",
        "noise_part": "有限次测量，含真机噪声",
    },
)

NETWORKS = {
    "image": "图像分类（ResNet8）",
    "keyword": "关键词识别（DS-CNN）",
    "person": "人物检测（MobileNetV1）",
    "anomaly": "异常检测（自编码器）",
    "digits": "手写数字（卷积网络）",
}

CHINESE_TEXTS = PageTexts(
    title="历代芯片同台对比",
    introduction=(
        "同样的网络，分别跑在单核、多核、GPU、专用芯片和量子处理器上。",
        "每个数据都注明它如何得来、依据什么、包含哪些部分。",
    ),
    sentence_gap="",
    colon="：",
    comma="，",
    headings=HEADINGS,
    columns=COLUMNS,
    filters=FILTERS,
    pictures=PICTURES,
    notes=NOTES,
    study=STUDY,
    evidence=EVIDENCE,
    evidence_meanings=EVIDENCE_MEANINGS,
    generations=GENERATIONS,
    learning=LEARNING,
    chips=CHIPS,
    systems=SYSTEMS,
    networks=NETWORKS,
    phrases=read_phrases("phrases_zh.csv"),
)
