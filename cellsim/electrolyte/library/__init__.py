"""Published electrolytes, one module each, found by name through `cellsim.registry`.

A module says in `ABOUT` what the electrolyte is made of and which of its properties were not measured, and builds it in
`electrolyte()`. Its docstring gives the source after `Source:`, and then, in a paragraph of its own, what is wrong with
the set.

Left out, because what is known of them does not hold together:
- NaCF3SO3 in PEO (program dualfoil): the conductivity grows to 0.3 S/m at 3 mol/L, a sign must have been lost; the
  transference number is a placeholder of zero over part of the range and jumps at its ends.
- LiCF3SO3 in PEO (dualfoil): called highly suspect there.
- LiClO4 in PEO (dualfoil): three numbers without a range, a temperature or a paper.
- LiPF6 of Bolay et al. (program BattMo): neither solvent nor range, transference number or thermodynamic factor.
Salts measured at one concentration only (LiTFSI, LiFSI, LiTDI, LiCF3SO3 in carbonates) cannot be run in a cell.
"""
