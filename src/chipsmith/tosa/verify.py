"""Checks that a Graph is legal TOSA that Chipsmith supports; each message names the operator and the rule."""

from __future__ import annotations

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.graph import Graph, Operator, Tensor
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.row import Operand, Operation, OperatorRow, is_value_of, resolve

MOST_ELEMENTS = (1 << 31) - 1
"""Elements of a tensor (MAX_LOG2_SIZE of level 8K, specification, section 1.5)."""


def verify(graph: Graph) -> None:
    """Return where the graph is a legal TOSA network that Chipsmith supports.

    Raises BadInput where it is illegal (connections, order, shapes, a rule of an operator) and OperatorRefused
    where an operator or its combination of element types is not supported.
    """
    verify_structure(graph)
    for operator in graph.operators:
        verify_operator(graph, operator)


def verify_structure(graph: Graph) -> None:
    """Return where each tensor is declared, has its one source before its uses, and is small enough.

    Whatever the element types are. Raises BadInput.
    """
    _verify_sizes(graph)
    _verify_constants(graph)
    _verify_connections(graph)


def row_of(operator: Operator) -> OperatorRow:
    """The row of an operator; OperatorRefused where there is none."""
    if operator.kind not in OPERATORS:
        raise OperatorRefused(
            f"{operator.kind} '{operator.name}': is not supported; `chipsmith ops` lists what is", part=operator.name
        )
    return OPERATORS[operator.kind]


def operation_of(graph: Graph, operator: Operator) -> Operation:
    """An operator of a verified graph with its tensors."""
    return resolve(row_of(operator), operator, graph.tensors, graph.constants)


def verify_operator(graph: Graph, operator: Operator) -> None:
    """Check one operator of a graph whose connections are right; raises as verify does."""
    row = row_of(operator)
    _verify_arity(row, operator)
    _verify_attributes(row, operator)
    operation = resolve(row, operator, graph.tensors, graph.constants)
    _verify_ranks(row, operation)
    _verify_types(row, operation)
    _verify_compile_time(row, operation)
    for constraint in row.constraints:
        if not constraint(operation):
            _fail(operation, f"breaks the rule: {constraint.__doc__}")
    expected = row.shape(operation)
    if expected != operation.output.shape:
        _fail(operation, f"has output shape {list(operation.output.shape)} where {list(expected)} follows")


def _verify_sizes(graph: Graph) -> None:
    for tensor in graph.tensors.values():
        if tensor.elements > MOST_ELEMENTS:
            raise BadInput(
                f"{graph.name}: tensor '{tensor.name}' of shape {list(tensor.shape)} has more than {MOST_ELEMENTS} "
                "elements, the limit of TOSA's level 8K"
            )


def _verify_constants(graph: Graph) -> None:
    for name, array in graph.constants.items():
        if name not in graph.tensors:
            raise BadInput(f"{graph.name}: constant '{name}' is not declared as a tensor")
        tensor = graph.tensors[name]
        if (array.shape, array.dtype) != (tensor.shape, tensor.dtype.numpy):
            raise BadInput(
                f"{graph.name}: constant '{name}' is {array.dtype}{list(array.shape)} where "
                f"{tensor.dtype.numpy}{list(tensor.shape)} is declared"
            )


def _verify_connections(graph: Graph) -> None:
    """Each tensor has one source, which comes before its uses."""
    ready = set(graph.constants)
    for name in graph.inputs:
        _add_source(graph, ready, name, "graph input")
    for operator in graph.operators:
        for name in operator.inputs:
            if name not in ready:
                raise BadInput(f"{operator.kind} '{operator.name}': its input '{name}' is not computed before it")
        for name in operator.outputs:
            _add_source(graph, ready, name, f"output of {operator.kind} '{operator.name}'")
    for name in graph.outputs:
        if name not in ready:
            raise BadInput(f"{graph.name}: graph output '{name}' is not computed")


def _add_source(graph: Graph, ready: set[str], name: str, role: str) -> None:
    if name not in graph.tensors:
        raise BadInput(f"{graph.name}: tensor '{name}' ({role}) is not declared")
    if name in ready:
        raise BadInput(f"{graph.name}: tensor '{name}' ({role}) has another source already")
    ready.add(name)


def _verify_arity(row: OperatorRow, operator: Operator) -> None:
    variadic = any(operand.variadic for operand in row.inputs)
    needed, given = len(row.inputs), len(operator.inputs)
    if len(operator.outputs) != 1 or (given < needed if variadic else given != needed):
        names = ", ".join(operand.name for operand in row.inputs)
        raise BadInput(
            f"{operator.kind} '{operator.name}': has {given} inputs and {len(operator.outputs)} outputs "
            f"where inputs {names} and one output belong"
        )


def _verify_attributes(row: OperatorRow, operator: Operator) -> None:
    wanted, given = {attribute.name for attribute in row.attributes}, set(operator.attributes)
    if wanted != given:
        raise BadInput(
            f"{operator.kind} '{operator.name}': has attributes {sorted(given)} where {sorted(wanted)} belong"
        )
    for attribute in row.attributes:
        value = operator.attributes[attribute.name]
        if not is_value_of(attribute, value):
            allowed = " or ".join(attribute.choices) or attribute.form.value
            count = f" of length {attribute.length}" if attribute.length else ""
            raise BadInput(
                f"{operator.kind} '{operator.name}': attribute {attribute.name} is {value!r} "
                f"where {allowed}{count} belongs"
            )


def _paired(row: OperatorRow, operation: Operation) -> list[tuple[Operand, Tensor]]:
    """Each tensor with the operand of the row that it stands for."""
    extra = len(operation.inputs) - len(row.inputs)
    operands = [*row.inputs, *row.inputs[-1:] * extra]
    return [*zip(operands, operation.inputs, strict=True), (row.output, operation.output)]


def _verify_ranks(row: OperatorRow, operation: Operation) -> None:
    for operand, tensor in _paired(row, operation):
        if not operand.min_rank <= len(tensor.shape) <= operand.max_rank:
            wanted = f"{operand.min_rank}" + (f" to {operand.max_rank}" if operand.max_rank > operand.min_rank else "")
            _fail(operation, f"has {operand.name} of rank {len(tensor.shape)} where rank {wanted} belongs")


def _verify_types(row: OperatorRow, operation: Operation) -> None:
    pairs = _paired(row, operation)
    for types in row.types:
        if all(row.type_of(operand, types) is tensor.dtype for operand, tensor in pairs):
            return
    supported = "; ".join(row.signature(types) for types in row.types)
    raise OperatorRefused(
        f"{describe(operation)}: these element types are not supported; supported are {supported}",
        part=operation.operator.name,
    )


def _verify_compile_time(row: OperatorRow, operation: Operation) -> None:
    for operand in row.inputs:
        if operand.compile_time and operand.name not in operation.constants:
            raise OperatorRefused(
                f"{describe(operation)}: {operand.name} is computed; only a constant is supported (no EXT-DYNAMIC)",
                part=operation.operator.name,
            )


def _fail(operation: Operation, problem: str) -> None:
    raise BadInput(f"{describe(operation)}: {problem}")


def describe(operation: Operation) -> str:
    """The operator as messages name it: CONV2D 'name' (int8[1,8,8,3], int8[16,3,3,3], ...) -> int32[1,6,6,16]."""
    inputs = ", ".join(_describe_tensor(tensor) for tensor in operation.inputs)
    operator = operation.operator
    return f"{operator.kind} '{operator.name}' ({inputs}) -> {_describe_tensor(operation.output)}"


def _describe_tensor(tensor: Tensor) -> str:
    return f"{tensor.dtype.name.lower()}[{','.join(map(str, tensor.shape))}]"
