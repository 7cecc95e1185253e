"""The stories behind the verbs of recipes: a run, a training, a compression; and what verbs return and leave behind.

    raw data -> train -> quantise -> compile -> simulate -> estimate -> report         a run does them all
                train -> smaller networks, each judged on the chip -> choose           a compression

The verbs themselves are in `chipsmith.api`.
"""
