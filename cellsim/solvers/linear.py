"""A linear function whose transpose is stated by hand, as one operation of JAX.

JAX lets a function state its tangent or its cotangent, not both. Here a function that is linear in `x` comes with its
transpose, so that forward and reverse mode are both as written, and with a plain form of itself, which is what a
further derivative, in whatever else it depends on, is taken of.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Function = Callable[[Any, Any], Any]


class _Forms(NamedTuple):
    """A function of (given leaves, x leaves), leaves again; hashable, as it is part of what is traced."""

    function: Function
    transpose: Function  # of (given, cotangents), to the cotangents of x
    plain: Function


def linear(function: Function, transpose: Function, plain: Function, given: Any, x: Any) -> Any:
    """`function(given, x)`, which is linear in `x`.

    `transpose(given, y)` is its transpose, and `plain(given, x)` the same function, or nearly, in operations that JAX
    differentiates.
    """
    given_leaves, given_tree = jax.tree.flatten(given)
    x_leaves, x_tree = jax.tree.flatten(x)
    trees: dict[str, Any] = {"given": given_tree, "x": x_tree}

    def on_leaves(form: Function) -> Function:
        def of_leaves(given: Any, x: Any) -> list[Any]:
            tree = trees["out" if form is transpose else "x"]
            out = form(trees["given"].unflatten(given), tree.unflatten(x))
            if form is function:
                trees["out"] = jax.tree.structure(out)
            return jax.tree.leaves(out)

        return jax.jit(of_leaves)  # which is traced once, however often JAX asks for its shapes

    out = _bind(_Forms(*map(on_leaves, (function, transpose, plain))), given_leaves, x_leaves)
    return trees["out"].unflatten(out)


def _bind(forms: _Forms, given: Any, x: Any) -> list[Any]:
    return _linear.bind(*given, *x, forms=forms, split=len(given))


def _call(*operands: Any, forms: _Forms, split: int) -> list[Any]:
    return forms.function(list(operands[:split]), list(operands[split:]))


def _shapes(*operands: Any, forms: _Forms, split: int) -> list[Any]:
    like = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in operands]
    out = jax.eval_shape(forms.function, like[:split], like[split:])
    return [jax.core.ShapedArray(x.shape, x.dtype) for x in out]


def _jvp(primals: Any, tangents: Any, *, forms: _Forms, split: int) -> tuple[Any, Any]:
    given, x = list(primals[:split]), list(primals[split:])
    given_dot, x_dot = tangents[:split], tangents[split:]
    is_moved = lambda dot: any(not isinstance(d, ad.Zero) for d in dot)
    out, out_dot = _bind(forms, given, x), []
    if is_moved(x_dot):
        out_dot.append(_bind(forms, given, list(map(ad.instantiate_zeros, x_dot))))
    if is_moved(given_dot):
        moving = [k for k, d in enumerate(given_dot) if not isinstance(d, ad.Zero)]

        def of(some: Any) -> Any:
            all_ = list(given)
            for k, value in zip(moving, some, strict=True):
                all_[k] = value
            return forms.plain(all_, x)

        out_dot.append(jax.jvp(of, ([given[k] for k in moving],), ([given_dot[k] for k in moving],))[1])
    return out, [sum(parts[1:], parts[0]) for parts in zip(*out_dot, strict=True)]


def _transpose(cotangents: Any, *operands: Any, forms: _Forms, split: int) -> list[Any]:
    given, x = list(operands[:split]), list(operands[split:])
    assert not any(ad.is_undefined_primal(g) for g in given), "linear in `x` alone"
    like = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in (e.aval if ad.is_undefined_primal(e) else e for e in x)]

    def plain(given: Any, y: Any) -> Any:
        return jax.linear_transpose(lambda x: forms.plain(given, x), like)(y)[0]

    turned = _Forms(forms.transpose, forms.function, jax.jit(plain))
    found = _bind(turned, given, list(map(ad.instantiate_zeros, cotangents)))
    return [None] * split + [f if ad.is_undefined_primal(e) else None for f, e in zip(found, x, strict=True)]


def _batch(operands: Any, dims: Any, *, forms: _Forms, split: int) -> tuple[Any, Any]:
    size = next(x.shape[d] for x, d in zip(operands, dims, strict=True) if d is not None)
    is_given = [d is not None for d in dims[:split]]
    first = lambda x, d: x if d is None else jnp.moveaxis(x, d, 0)
    moved = [first(x, d) for x, d in zip(operands, dims, strict=True)]
    # all of x and of the result is taken as mapped, so that the transpose maps alike
    x = [
        jnp.broadcast_to(x, (size, *x.shape)) if d is None else x
        for x, d in zip(moved[split:], dims[split:], strict=True)
    ]
    axes = ([0 if mapped else None for mapped in is_given], 0)
    each = lambda form: jax.jit(jax.vmap(form, in_axes=axes, axis_size=size))
    out = _bind(_Forms(*map(each, forms)), moved[:split], x)
    return out, [0] * len(out)


_linear = Primitive("linear_with_transpose")
_linear.multiple_results = True
_linear.def_impl(_call)
_linear.def_abstract_eval(_shapes)
mlir.register_lowering(_linear, mlir.lower_fun(_call, multiple_results=True))
ad.primitive_jvps[_linear] = _jvp
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batch
