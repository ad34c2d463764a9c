"""Small and pretrained language models that evaluators train on records: recipe, training, sampling, scoring."""
