"""What the capture subject is told, by code: one table, so that it can be translated and read in one place."""

RETAKE = {
    "no_face": "Hold the camera at arm's length and look into it, with your whole face in the picture.",
    "single_face_present": "Make sure that only you are in the picture.",
    "inter_eye_distance": "Come a little closer.",
    "sharpness": "Hold the camera still and wipe its lens.",
    "under_exposure_prevention": "Find a brighter place.",
    "over_exposure_prevention": "Move away from the strong light on your face.",
    "illumination_uniformity": "Turn so that light falls evenly on both sides of your face.",
    "head_pose_yaw": "Look straight into the camera, without turning your head aside.",
    "head_pose_pitch": "Hold the camera at the height of your eyes.",
    "head_pose_roll": "Hold your head and the camera upright.",
    "eyes_open": "Open your eyes.",
    "mouth_closed": "Close your mouth.",
}

RETAKE_CODES = {words: code for code, words in RETAKE.items()}
"""The way back, for a page that has words of its own."""
