#!/usr/bin/python3
"""Writes burgers.csv and burgers_reference.csv: what models/burgers.yaml is trained on and tested with.

Burgers' equation is u_t + u u_x = nu u_xx with nu = 0.01 / pi, for -1 <= x <= 1 and 0 <= t <= 1. It
begins as u(0, x) = -sin(pi x), and u(t, -1) = u(t, 1) = 0.

burgers.csv holds points where u is given: at t = 0, and at both ends.

burgers_reference.csv holds the solution on a grid. The transformation of E. Hopf (1950) and J. D. Cole
(1951) turns the equation into that of heat. This gives, as in C. Basdevant and others, "Spectral and
finite difference solutions of the Burgers equation", Computers & Fluids 14, 1986:

    u(t, x) = -(integral of sin(pi y) w(y)) / (integral of w(y)),  y = x - s z,  s = sqrt(4 nu t),
    w(y) = exp(-cos(pi y) / (2 pi nu) - z^2), both over all z.

The integrands are smooth and vanish fast at both ends, so the trapezoidal rule is exact up to rounding.
"""
import math
import os

NU = 0.01 / math.pi
FOLDER = os.path.dirname(os.path.abspath(__file__))


def solution(t, x, points=4000, reach=14.0):
    """u(t, x) for t > 0."""
    s = math.sqrt(4 * NU * t)
    terms = []
    for k in range(points + 1):
        z = reach * (2 * k / points - 1)
        y = x - s * z
        terms.append((-math.cos(math.pi * y) / (2 * math.pi * NU) - z * z, math.sin(math.pi * y)))
    largest = max(exponent for exponent, _ in terms)
    above = below = 0.0
    for exponent, sine in terms:
        weight = math.exp(exponent - largest)
        above += weight * sine
        below += weight
    return -above / below


def residual(t, x, d=1e-4):
    """u_t + u u_x - nu u_xx by differences: near 0 where solution() is right."""
    u = solution(t, x)
    u_t = (solution(t + d, x) - solution(t - d, x)) / (2 * d)
    right, left = solution(t, x + d), solution(t, x - d)
    return u_t + u * (right - left) / (2 * d) - NU * (right - 2 * u + left) / (d * d)


def write(name, rows):
    with open(os.path.join(FOLDER, name), "w", encoding="ascii") as file:
        file.write("t,x,u\n")
        for t, x, u in rows:
            file.write(f"{t:.6g},{x:.7g},{round(u, 6) + 0.0:.6g}\n")


def given(points=500):
    """Points at t = 0, and as many at the ends; evenly spread."""
    for k in range(points):
        x = 2 * (k + 0.5) / points - 1
        yield 0.0, x, -math.sin(math.pi * x)
    for k in range(points // 2):
        for x in (-1.0, 1.0):
            yield (k + 0.5) / (points // 2), x, 0.0


def grid(times=10, places=128):
    for i in range(times):
        for k in range(places):
            t, x = (i + 1) / times, 2 * (k + 0.5) / places - 1
            yield t, x, solution(t, x)


if __name__ == "__main__":
    for t, x in ((0.2, 0.3), (0.5, -0.05), (0.9, 0.01)):
        if abs(residual(t, x)) > 1e-2:
            raise SystemExit(f"the solution at t = {t}, x = {x} does not solve the equation")
    write("burgers.csv", given())
    write("burgers_reference.csv", grid())
