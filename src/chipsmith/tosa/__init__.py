"""What a network is: the Graph, its operators one row each, their exact meaning, and the `.tosa` file."""
