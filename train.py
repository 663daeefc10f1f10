"""Train the transcoder of a recipe: `python train.py recipe=entts_text_latent`."""

from transcoder.recipe import main
from transcoder.runs import train

if __name__ == "__main__":
    main(train)
